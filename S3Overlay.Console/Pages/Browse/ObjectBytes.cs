using Microsoft.AspNetCore.Http;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>Reads small objects for previews: at most 1 MiB, in at most two seconds.</summary>
internal static class ObjectBytes
{
    /// <summary>The largest object that has a preview.</summary>
    public const int Most = 1 << 20;

    /// <summary>How long the proxy gets. A remote may take its time; a preview is not worth waiting for.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Reads an object.</summary>
    /// <exception cref="ProxyError">It cannot be read, is too large, or took too long.</exception>
    public static async Task<byte[]> ReadAsync(
        ProxyGateway gateway, string bucket, string key, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await using var found = await gateway.S3Async(new("GET", ProxyQuery.PathOf(bucket, key)), ending.Token);
            if (found.Headers.ContentLength is null or > Most)
            {
                throw new ProxyError(StatusCodes.Status413PayloadTooLarge, "TooLarge", "Objects above 1 MiB have no preview.");
            }

            var content = new byte[found.Headers.ContentLength.Value];
            await found.Body.ReadExactlyAsync(content, ending.Token);
            return content;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooSlow();
        }
        catch (Exception failure) when (ProxyError.IsOfResponse(failure))
        {
            // What is cancelled may look cut.
            throw limit.IsCancellationRequested ? TooSlow() : ProxyError.Of(failure);
        }
    }

    private static ProxyError TooSlow() => new(
        StatusCodes.Status504GatewayTimeout, "TooSlow", "The object did not arrive within two seconds, so there is no preview.");
}
