package wire

// BlobID names a blob by the hashes (SHA-256) of its sealed chunks, in order, so
// that who has all chunks can tell that they are these.
func BlobID(chunks []Hash) Hash {
	all := make([]byte, 0, len(chunks)*len(Hash{}))
	for _, h := range chunks {
		all = append(all, h[:]...)
	}
	return Sum(LabelBlob, all)
}
