package node

// descriptorLimit is 0: Windows sets none.
func descriptorLimit() uint64 { return 0 }
