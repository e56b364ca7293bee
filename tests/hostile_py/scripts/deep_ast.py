# *
import ast


def fetch(request):
    return ast.parse("(" * 5000 + ")" * 5000)
