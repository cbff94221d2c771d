// Package files seals attachments chunk by chunk and opens them again.
package files
