namespace S3Overlay.Proxy.Protocol.Deletes;

/// <summary>What became of one key of DeleteObjects.</summary>
/// <param name="Item">The key.</param>
/// <param name="Error">Why it was not deleted; null where it was (or was not there).</param>
/// <param name="Message">What to say of the error, or null for its usual message.</param>
public sealed record DeleteOutcome(DeleteItem Item, S3Error? Error, string? Message = null)
{
    /// <summary>The id of the delete marker that was made, or was what was deleted; null for none.</summary>
    public string? Marker { get; init; }
}
