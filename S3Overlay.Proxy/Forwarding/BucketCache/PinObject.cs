using System.Text.Json;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.BucketCache;

/// <summary>
/// The pins of the cache, in one object of the cache bucket that all proxies share. Written with If-Match where the store has conditions;
/// elsewhere, of two changes at the same moment the later one wins.
/// </summary>
internal sealed class PinObject(CacheBucketObjects objects) : IPinStore
{
    private const string Name = "pins";

    private const string Kind = "pins";

    /// <summary>How often a change is tried again after another proxy was faster.</summary>
    private const int Attempts = 10;

    private readonly SemaphoreSlim _turn = new(1);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CachePin>> ReadAsync(CancellationToken cancellationToken) => (await GetAsync(cancellationToken)).Pins;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CachePin>> ChangeAsync(Func<IReadOnlyList<CachePin>, IReadOnlyList<CachePin>> change,
        CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var (before, etag) = await GetAsync(cancellationToken);
                var after = change(before);
                if (ReferenceEquals(before, after))
                {
                    return after;
                }

                var body = JsonSerializer.SerializeToUtf8Bytes(new Document(Kind, 1, after), JsonSerializerOptions.Web);
                if (await objects.TryPutAsync(Name, etag, WireBody.Of(body), [new("Content-Type", "application/json")], cancellationToken))
                {
                    return after;
                }
            }

            throw new IOException("Other proxies change the pins all the time.");
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<(IReadOnlyList<CachePin> Pins, string? ETag)> GetAsync(CancellationToken cancellationToken)
    {
        using var response = await objects.GetAsync(Name, null, cancellationToken);
        if (response is null)
        {
            return ([], null);
        }

        try
        {
            await using var body = await response.BodyAsync(cancellationToken);
            var document = await JsonSerializer.DeserializeAsync<Document>(body, JsonSerializerOptions.Web, cancellationToken);
            return document is { S3Overlay: Kind, Version: 1 } ? (document.Pins, response.Header("ETag"))
                : throw new PinsDamagedException($"The object {Name} of the cache bucket has no pins that this version knows.", null);
        }
        catch (JsonException failure)
        {
            throw new PinsDamagedException($"The object {Name} of the cache bucket is damaged. Delete it, and pin again.", failure);
        }
    }

    private sealed record Document(string S3Overlay, int Version, IReadOnlyList<CachePin> Pins);
}

/// <summary>The pins cannot be read, and will not be until they are repaired.</summary>
internal sealed class PinsDamagedException(string message, Exception? cause) : IOException(message, cause);
