using S3Overlay.Promote.Stores;
using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Sending;

/// <summary>Where an object goes, and on which condition.</summary>
/// <param name="Store">The bucket.</param>
/// <param name="Key">The key there.</param>
/// <param name="Replaces">The ETag of the object that it replaces; null for none.</param>
/// <param name="IsChecked">True if the store honours conditions.</param>
/// <param name="Quotes">True if it compares ETags with their quotes.</param>
internal sealed record Destination(Upstream Store, string Key, string? Replaces, bool IsChecked, bool Quotes)
{
    /// <summary>A call with the condition.</summary>
    public WireCall Conditional(WireCall call) => !IsChecked ? call
        : Replaces is null ? call.With("If-None-Match", "*") : call.With("If-Match", Quotes ? ETags.Quoted(Replaces) : Replaces);

    /// <summary>Where the store has no conditions: looks once more, right before the write.</summary>
    /// <exception cref="ConflictException">The object has changed.</exception>
    public async Task RequireUnchangedAsync(CancellationToken cancellationToken)
    {
        using var now = await Store.HeadAsync(Key, cancellationToken);
        if (!ETags.Same(now?.ETag, Replaces))
        {
            throw new ConflictException();
        }
    }

    /// <summary>
    /// After a refused condition: true if the store has the object that was sent, by an attempt whose response was lost.
    /// </summary>
    public async Task<bool> HasAsync(string? etag, CancellationToken cancellationToken)
    {
        using var now = etag is null ? null : await Store.HeadAsync(Key, cancellationToken);
        return now is not null && ETags.Same(now.ETag, etag);
    }
}

/// <summary>The remote's object is not the one that was to be replaced.</summary>
internal sealed class ConflictException() : Exception("the remote's object has changed since");

/// <summary>The store refused or mangled an object.</summary>
internal sealed class SendException(string message) : Exception(message);
