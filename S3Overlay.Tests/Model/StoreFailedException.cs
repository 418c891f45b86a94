namespace S3Overlay.Tests.Model;

/// <summary>The proxy refused a request or a part of it because the store failed. The request may have taken effect.</summary>
internal sealed class StoreFailedException() : Exception("The store failed.");
