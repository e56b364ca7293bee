# *


def ctypes_like():
    code = fetch.__code__.replace(co_code=bytes([100, 255] * 50), co_consts=())
    fetch.__code__ = code
    return fetch(1)


def fetch(request):
    return str(ctypes_like())
