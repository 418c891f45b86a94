namespace S3Overlay.Tests.Transparency;

/// <summary>A request that the proxy answers by itself, and otherwise than some store would.</summary>
/// <param name="Request">The request's label, or its beginning.</param>
/// <param name="Answer">Status and code that the proxy answers with.</param>
/// <param name="Why">Why it does.</param>
public sealed record OwnAnswer(string Request, string Answer, string Why);
