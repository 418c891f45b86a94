using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

using S3Overlay.WebConsole.Components;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>Downloads: the browser saves the object, and never shows it.</summary>
internal static class Downloads
{
    private static readonly string[] Asked = ["Range", "If-Range", "If-Match", "If-Unmodified-Since"];
    private static readonly string[] Answered = ["Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified"];

    /// <summary>Names that a file cannot have, or that mean another one.</summary>
    private static readonly string[] NoNames = ["", ".", ".."];

    /// <summary>Sends an object. Ranges work, so a browser can continue a download.</summary>
    public static async Task SendAsync(ObjectCall call, CancellationToken cancellationToken)
    {
        var (request, response) = (call.Http.Request, call.Http.Response);
        await using var found = await call.Gateway.S3Async(new(request.Method, call.Path)
        {
            Headers = [.. from name in Asked
                          let value = request.Headers[name].ToString()
                          where value.Length > 0
                          select KeyValuePair.Create(name, value)],
        }, cancellationToken);
        response.StatusCode = found.Status;
        foreach (var name in Answered)
        {
            response.Headers[name] = found.Headers[name];
        }

        // What is stored compressed is sent so, and the browser saves what it means, as it does at the S3 port.
        if (found.Headers.ContentEncoding.ToString() is "gzip" or "br" or "deflate" or "zstd")
        {
            response.Headers.ContentEncoding = found.Headers.ContentEncoding;
        }

        BrowseEndpoints.Isolate(response);
        response.ContentType = "application/octet-stream";
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(FileNameOf(call.Key));
        response.Headers.ContentDisposition = disposition.ToString();
        await response.StartAsync(cancellationToken);
        if (request.Method == "GET")
        {
            await found.Body.CopyToAsync(response.Body, cancellationToken);
        }
    }

    /// <summary>The name of the file that a key is saved as.</summary>
    public static string FileNameOf(string key)
    {
        var name = key.TrimEnd('/');
        name = name[(name.LastIndexOf('/') + 1)..];
        var file = new StringBuilder();
        foreach (var (text, isEscape) in VisibleText.Parts(name))
        {
            file.Append(isEscape ? "_" : text);
        }

        foreach (var letter in "\\:*?\"<>|")
        {
            file.Replace(letter, '_');
        }

        return NoNames.Contains($"{file}") ? "object" : file.ToString();
    }
}
