"""Record real exchanges with nothing secret in them, and replay them offline."""

from mock_oci.recording.file import SecretLeft, read_recording
from mock_oci.recording.recorder import recording
from mock_oci.recording.replay import NotInRecording, Player, replaying

__all__ = ["NotInRecording", "Player", "SecretLeft", "read_recording", "recording", "replaying"]
