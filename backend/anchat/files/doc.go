// Package files seals attachments and opens them again.
//
// A file has a key of its own and is cut into chunks of [wire.ChunkBytes], each
// sealed with XChaCha20-Poly1305. The nonce is a random prefix, the chunk's number
// and whether it is the last, so that a chunk that was dropped, swapped or taken
// from another file does not open (the STREAM construction of Hoang, Reyhanitabar,
// Rogaway and Vizár, 2015). The blob is named by the hashes of its sealed chunks;
// key and prefix travel inside the message that names it.
//
// What is stored is padded by at most an eighth, so that the size of a blob says
// little about the file ([Padded]). [Clean] takes out of pictures what they tell
// about where and with what they were made.
//
//	s, err := files.Seal(r, size, func(n uint32, sealed []byte) error { … })
//	err = files.Open(s, func(n uint32) ([]byte, error) { … }, w)
package files
