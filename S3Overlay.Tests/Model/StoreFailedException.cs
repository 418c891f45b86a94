namespace S3Overlay.Tests.Model;

/// <summary>The proxy refused a request, or a part of it, since the store failed: what was asked happened, or it did not.</summary>
internal sealed class StoreFailedException() : Exception("The store failed.");
