;; Never ends by itself: `bench.deadline` asks for it.
(module
  (memory (export "memory") 1)
  (func (export "_start") (loop $for_ever (br $for_ever))))
