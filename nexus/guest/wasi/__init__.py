"""WASI preview 1 commands: host functions, CGI/1.1 requests and responses, JSON contexts.

signatures      every function's name and type; drives linking and recognition
link            wraps the implementations so that nothing ever raises through a guest
process         what the functions of one guest share: memory, descriptors, program, run
program         where arguments and environment come from (CGI, command line, context)
guest           `WasiGuest.perform`: a task in, its result out
"""
