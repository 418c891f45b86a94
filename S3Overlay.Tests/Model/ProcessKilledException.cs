namespace S3Overlay.Tests.Model;

/// <summary>The proxy was killed before it responded.</summary>
internal sealed class ProcessKilledException() : Exception("The process was killed.");
