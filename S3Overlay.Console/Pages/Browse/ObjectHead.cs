using Microsoft.AspNetCore.Http;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>What a client sees of an object without its bytes.</summary>
/// <param name="Size">Its size.</param>
/// <param name="Type">Its content type.</param>
/// <param name="Modified">Its date, as the response says it.</param>
/// <param name="ETag">Its ETag.</param>
/// <param name="Version">Its version; null without one.</param>
/// <param name="Layer">The layer that answered.</param>
/// <param name="Metadata">The metadata that its writer set.</param>
internal sealed record ObjectHead(
    long Size, string Type, string Modified, string ETag, string? Version, string Layer,
    IReadOnlyList<(string Name, string Value)> Metadata)
{
    private const string Own = "x-amz-meta-";

    /// <summary>Asks for an object.</summary>
    /// <returns>Null if clients see no such object.</returns>
    /// <exception cref="ProxyError">The proxy refused.</exception>
    public static async Task<ObjectHead?> ReadAsync(ProxyGateway gateway, string bucket, string key, CancellationToken cancellationToken)
    {
        await using var found = await gateway.SendAsync(new("HEAD", ProxyQuery.PathOf(bucket, key)), cancellationToken);
        if (found.Status == StatusCodes.Status404NotFound)
        {
            return null;
        }

        if (!found.IsSuccess)
        {
            throw new ProxyError(found.Status, $"{found.Status}", found.Status switch
            {
                StatusCodes.Status403Forbidden => "This key may not read this object.",
                StatusCodes.Status503ServiceUnavailable => "The remote does not answer.",
                _ => "The object cannot be looked at.",
            }) { RequestId = found.Headers["x-amz-request-id"] };
        }

        var headers = found.Headers;
        return new(headers.ContentLength ?? 0, headers.ContentType.ToString(), headers.LastModified.ToString(), headers.ETag.ToString(),
            headers.TryGetValue("x-amz-version-id", out var version) ? version.ToString() : null, headers["x-s3overlay-layer"].ToString(),
            [.. headers.Where(static header => header.Key.StartsWith(Own, StringComparison.OrdinalIgnoreCase))
                .Select(static header => (header.Key[Own.Length..], header.Value.ToString()))]);
    }
}
