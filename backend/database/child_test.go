package database

func childMain() bool { return false }
