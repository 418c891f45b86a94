using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The writable layer, whichever it is, as the overlay sees it.</summary>
public sealed record LocalLayer
{
    /// <summary>Answers clients' requests, as a plain S3 server would.</summary>
    public required IS3Service Service { get; init; }

    /// <summary>Reads of what was written there.</summary>
    public required IWrittenReads Reads { get; init; }

    /// <summary>What it knows of its keys and buckets.</summary>
    public required ILayerState State { get; init; }

    /// <summary>The marks of deletes, as administrators take them back.</summary>
    public required IDeleteMarks Marks { get; init; }

    /// <summary>Which conditions it judges.</summary>
    public ILocalConditions Conditions { get; init; } = BuiltInConditions.Instance;

    /// <summary>Whether it serves the writing of this sub-resource at all: nothing is copied up for what would be refused.</summary>
    public Func<S3Operation, bool> SetsSubResource { get; init; } = static _ => true;

    /// <summary>Where copies of the remote are kept; null while caching is off.</summary>
    public ICacheStore? Held { get; init; }

    /// <summary>Its versions; null where it never keeps any.</summary>
    public ILocalVersions? Versions { get; init; }

    /// <summary>In whose name it is asked; null where it knows nobody but the overlay.</summary>
    public ILocalIdentities? Identities { get; init; }

    /// <summary>Whether it is known to refuse bodies whose checksum is wrong, or cannot be one, and so may be left the second.</summary>
    public Func<bool> ChecksChecksums { get; init; } = static () => false;

    /// <summary>
    /// What make of store it is; of the built-in one, which has S3's operations alone and keeps no names, <see cref="StoreMakes.Other"/>.
    /// </summary>
    public Func<StoreMake> Make { get; init; } = static () => StoreMakes.Other;

    /// <summary>Whether it keeps the address of a bucket or object for itself (rule A1). The key is empty for the bucket itself.</summary>
    public Func<string, string, CancellationToken, ValueTask<bool>> KeepsAsync { get; init; } = static (_, _, _) =>
        ValueTask.FromResult(false);

    /// <summary>Throws where it cannot serve, for whatever reason; cheap enough to be asked every few seconds.</summary>
    public required Func<CancellationToken, Task> Check { get; init; }

    /// <summary>
    /// Asks it for anything at all, and throws where it gives no answer; null where it is in this process, and cannot be away.
    /// </summary>
    public Func<CancellationToken, Task>? Ping { get; init; }
}
