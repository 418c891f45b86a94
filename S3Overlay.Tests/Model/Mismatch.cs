namespace S3Overlay.Tests.Model;

/// <summary>The proxy did what the model does not allow.</summary>
internal sealed class Mismatch(string message) : Exception(message);
