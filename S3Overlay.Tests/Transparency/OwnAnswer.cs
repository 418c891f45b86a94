namespace S3Overlay.Tests.Transparency;

/// <summary>A request that the proxy answers by itself, and otherwise than some store would.</summary>
/// <param name="Request">The request's label, or its beginning.</param>
/// <param name="Answer">Status and code that the proxy answers with.</param>
/// <param name="Why">Why it does.</param>
/// <param name="InPlaceOf">Status and code of the store's response that it replaces. Null for any.</param>
/// <param name="IsWhole">Whether the label is that, and not only its beginning.</param>
public sealed record OwnAnswer(string Request, string Answer, string Why, string? InPlaceOf = null, bool IsWhole = false)
{
    /// <summary>Whether the proxy may have given an answer to a request that the store gave another one to.</summary>
    /// <param name="label">The request's label.</param>
    /// <param name="direct">Status and code of the store's.</param>
    /// <param name="through">Status and code of the proxy's.</param>
    public bool Allows(string label, string direct, string through) =>
        (IsWhole ? label == Request : label.StartsWith(Request, StringComparison.Ordinal)) && through == Answer
            && (InPlaceOf ?? direct) == direct;
}
