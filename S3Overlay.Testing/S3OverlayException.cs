namespace S3Overlay.Testing;

/// <summary>An overlay or a scripted remote cannot start. The message names the option and the remedy.</summary>
public sealed class S3OverlayException(string message, Exception? cause = null) : Exception(message, cause);
