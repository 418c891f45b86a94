using Microsoft.AspNetCore.Http;

namespace S3Overlay.WebConsole.Assets;

/// <summary>Serves scripts and styles. They need no session: they are the same for everyone, and the sign-in page uses them.</summary>
internal sealed class AssetFiles(RequestDelegate next)
{
    /// <summary>Serves a request.</summary>
    public Task InvokeAsync(HttpContext context) =>
        context.Request.Method is "GET" or "HEAD" && AssetUrls.Find(context.Request.Path.Value!.TrimStart('/')) is { } asset
            ? SendAsync(context, asset) : next(context);

    private static async Task SendAsync(HttpContext context, Asset asset)
    {
        var (request, response) = (context.Request, context.Response);
        var etag = $"\"{asset.Version}\"";
        response.Headers.ETag = etag;
        response.Headers.Vary = "Accept-Encoding";

        // A URL with the hash is never used for other contents.
        response.Headers.CacheControl = request.Query["v"] == asset.Version ? "public, max-age=31536000, immutable" : "no-cache";
        if (request.Headers.IfNoneMatch == etag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = asset.Type;
        var isCompressed = request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (isCompressed)
        {
            response.Headers.ContentEncoding = "gzip";
            response.ContentLength = asset.Content.Length;
        }

        if (request.Method == "HEAD")
        {
            return;
        }

        if (isCompressed)
        {
            await response.Body.WriteAsync(asset.Content, context.RequestAborted);
            return;
        }

        await using var content = asset.Open();
        await content.CopyToAsync(response.Body, context.RequestAborted);
    }
}
