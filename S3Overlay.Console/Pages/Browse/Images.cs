using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>
/// Images for previews. What the bytes are decides, not what the object says that it is; formats that can have script, such as SVG, are
/// none here.
/// </summary>
internal static class Images
{
    /// <summary>Sends an image of at most <see cref="ObjectBytes.Most"/> bytes; anything else is 415.</summary>
    public static async Task SendAsync(ObjectCall call, CancellationToken cancellationToken)
    {
        var time = call.Http.RequestServices.GetRequiredService<TimeProvider>();
        var content = await ObjectBytes.ReadAsync(call.Gateway, call.Bucket, call.Key, time, cancellationToken);
        if (TypeOf(content) is not { } type)
        {
            throw new ProxyError(StatusCodes.Status415UnsupportedMediaType, "NoImage", "This object is no image that can be shown.");
        }

        var response = call.Http.Response;
        BrowseEndpoints.Isolate(response);
        response.ContentType = type;
        response.ContentLength = content.Length;
        await response.Body.WriteAsync(content, cancellationToken);
    }

    /// <summary>The type of an image, by its first bytes; null if it is none that browsers show without running anything.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> content) => content switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "image/gif",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'a', (byte)'v', (byte)'i', (byte)'f', ..] => "image/avif",
        [(byte)'B', (byte)'M', _, _, _, _, 0, 0, 0, 0, ..] => "image/bmp",
        [0, 0, 1, 0, > 0, 0, ..] => "image/x-icon",
        _ => null,
    };
}
