def test_x(ran):
    print(ran.output[-9000:])
    assert 0
