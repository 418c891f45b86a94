using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Stores;

/// <summary>A bucket of a remote, for writes.</summary>
/// <param name="wire">Its endpoint, with write credentials.</param>
/// <param name="bucket">The bucket.</param>
internal sealed class Upstream(S3Wire wire, string bucket)
{
    private readonly Lock _lock = new();
    private Task<WriteConditions>? _writes;
    private Task<bool>? _completions;

    /// <summary>The endpoint.</summary>
    public S3Wire Wire => wire;

    /// <summary>The bucket.</summary>
    public string Bucket => bucket;

    /// <summary>The bucket in messages.</summary>
    public string Name => $"{wire.Endpoint.GetLeftPart(UriPartial.Authority)}/{bucket}";

    /// <summary>Which conditions the store honours. Found out once, beside the first key.</summary>
    public Task<WriteConditions> WritesAsync(string key, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _writes ??= new ConditionProbe(this, key).WritesAsync(cancellationToken);
        }
    }

    /// <summary>True if the store honours conditions when an upload in parts is completed. Found out once.</summary>
    public Task<bool> CompletionsAsync(string key, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _completions ??= new ConditionProbe(this, key).CompletionsAsync(cancellationToken);
        }
    }

    /// <summary>The object's headers; null if there is none.</summary>
    /// <exception cref="PromoteException">The credentials may not read it.</exception>
    /// <exception cref="WireException">The store does not say.</exception>
    public async Task<WireAnswer?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var answer = await wire.SendAsync(new WireCall("HEAD", bucket, key), cancellationToken);
        if (answer.IsSuccess)
        {
            return answer.ETag is null ? throw new WireException($"HEAD of {Name}/{key} shows no ETag") : answer;
        }

        using (answer)
        {
            return answer.Status switch
            {
                404 => null,
                401 or 403 => throw new PromoteException(
                    $"{Name} refuses HEAD of {key}: {answer.Status}. The credentials must read and write."),
                _ => throw new WireException($"HEAD of {Name}/{key}: status {answer.Status}"),
            };
        }
    }
}

/// <summary>Which conditions a store honours.</summary>
/// <param name="OnPut">If-Match and If-None-Match of PutObject.</param>
/// <param name="OnDelete">If-Match of DeleteObject.</param>
/// <param name="Quotes">False if If-Match needs the ETag without its quotes, as older gateways of Ceph do.</param>
internal sealed record WriteConditions(bool OnPut, bool OnDelete, bool Quotes);
