namespace S3Overlay.Tests.Transparency;

/// <summary>Something in which an answer through the proxy may differ from the store's own.</summary>
/// <param name="What">What differs.</param>
/// <param name="Why">Why it must, or may.</param>
/// <param name="Level">Makes it the same on both sides.</param>
public sealed record AllowedDifference(string What, string Why, Action<Seen, Side> Level);
