using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Transparency;

/// <summary>One request and what came back.</summary>
/// <param name="Label">The request, with the bucket's name taken out: the same on both sides.</param>
/// <param name="Depth">How much of the response counts.</param>
public sealed record Exchange(string Label, RawResponse Answer, Depth Depth);
