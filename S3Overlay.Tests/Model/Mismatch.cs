namespace S3Overlay.Tests.Model;

/// <summary>The proxy violated the model.</summary>
internal sealed class Mismatch(string message) : Exception(message);
