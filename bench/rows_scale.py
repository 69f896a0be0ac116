def million(bench):
    return []
