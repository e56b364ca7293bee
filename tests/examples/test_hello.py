def test_it_greets(ask):
    answer = ask("hello")
    assert answer.status == 200
    assert answer.headers == {"Content-Type": "text/plain"}
    assert answer.body == b"Hello from WebAssembly.\n"
