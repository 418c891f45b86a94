using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>Uploads: the body of the request is the object, and flows to the proxy as fast as that takes it.</summary>
internal static class Uploads
{
    /// <summary>The header with the token of the page's form. Only a script of the console's own page can send it.</summary>
    private const string Token = "RequestVerificationToken";

    /// <summary>Says whether a key is taken, so that the page asks before it replaces anything.</summary>
    public static async Task ExistsAsync(ObjectCall call, CancellationToken cancellationToken)
    {
        await using var found = await call.Gateway.SendAsync(new("HEAD", call.Path), cancellationToken);
        await call.Http.Response.WriteAsJsonAsync(found.IsSuccess, cancellationToken);
    }

    /// <summary>
    /// Writes an object. Without <c>replace=true</c>, only where there is none: 412 otherwise. An upload that ends early writes nothing.
    /// </summary>
    public static async Task TakeAsync(ObjectCall call, CancellationToken cancellationToken)
    {
        var request = call.Http.Request;

        // Asked for first: without it, the body would be read as a form to find the token.
        if (request.Headers[Token].Count == 0
            || !await call.Http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(call.Http))
        {
            throw new ProxyError(StatusCodes.Status400BadRequest, "NoToken", "The page is too old. Reload it, and try again.");
        }

        var length = request.ContentLength
            ?? throw new ProxyError(StatusCodes.Status411LengthRequired, "MissingContentLength", "The length of the object is needed.");
        KeyValuePair<string, string>[] type = [new("Content-Type", TypeOf(request, call.Key))];
        KeyValuePair<string, string>[] condition = request.Query["replace"] == "true" ? [] : [new("If-None-Match", "*")];
        if (length <= UploadSizes.LargestPut)
        {
            await using var done = await call.Gateway.S3Async(
                new("PUT", call.Path) { Headers = [.. type, .. condition], Body = request.Body, Length = length }, cancellationToken);
        }
        else
        {
            await new PartUpload(call.Gateway, call.Path, UploadSizes.PartOf(length))
                .SendAsync(request.Body, length, type, condition, cancellationToken);
        }

        call.Http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>The browser's, which knows the types of its machine; else what the name says.</summary>
    private static string TypeOf(HttpRequest request, string key) => request.ContentType is { Length: > 0 } sent ? sent
        : BrowseRow.TypeOf(key) ?? "application/octet-stream";
}

/// <summary>How large uploads are sent on.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html</remarks>
internal static class UploadSizes
{
    /// <summary>The largest object in one request. S3 takes no larger one.</summary>
    public const long LargestPut = 5L << 30;

    /// <summary>The size of a part, unless there would be too many.</summary>
    private const long UsualPart = 64L << 20;

    /// <summary>The most parts that S3 takes.</summary>
    private const int MostParts = 10_000;

    /// <summary>The size of each part but the last.</summary>
    public static long PartOf(long length) => Math.Max(UsualPart, (length + MostParts - 1) / MostParts);
}
