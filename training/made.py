def texts(): return []
