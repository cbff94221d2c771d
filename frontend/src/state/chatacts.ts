// What is done with one message in the node.
export {
  deleteMessage as deleting,
  discardMessage as discarding,
  fetchFile,
  positionAt,
  reactTo as reacting,
  resendMessage as resending,
  showFile,
} from '../api/chat';
