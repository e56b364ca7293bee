;; The smallest handler: answers every request with a greeting.
;;
;; A handler is a WASI preview 1 command that speaks CGI/1.1: it writes header lines, an empty
;; line and the body to standard output, then returns. Nexus assembles a .wat file by itself.
(module
  ;; fd_write(fd, iovecs, how many of them, where to put the byte count) -> errno
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))

  ;; One page of 64 KiB is all it may ever have. WASI finds the memory by this export's name.
  (memory (export "memory") 1 1)

  ;; At 0: one iovec, that is an address (16) and a length (50), each four bytes, little-endian.
  (data (i32.const 0) "\10\00\00\00" "\32\00\00\00")
  ;; At 8: four bytes left free for the byte count.
  ;; At 16: the response.
  (data (i32.const 16)
    "Content-Type: text/plain\n"   ;; 25 bytes
    "\n"                           ;;  1
    "Hello from WebAssembly.\n")   ;; 24

  ;; The entry point of a WASI command.
  (func (export "_start")
    (if (call $fd_write
          (i32.const 1)    ;; standard output
          (i32.const 0)    ;; the iovec above
          (i32.const 1)    ;; there is one
          (i32.const 8))   ;; the byte count goes here; nobody reads it
      ;; An errno other than 0: trap, and the client gets an honest 500.
      (then (unreachable)))))
