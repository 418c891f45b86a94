using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A store that checks If-Match of some writes only against an existing object, and writes if there is none. It has no
/// versions.
/// </summary>
internal sealed class HollowMatch
{
    private readonly ConcurrentDictionary<string, bool> _there = new(StringComparer.Ordinal);

    /// <summary>Gives a store this behaviour.</summary>
    /// <param name="write">Of which writes: put, complete, copy.</param>
    public HollowMatch(StoreServer store, string write)
    {
        store.Alter = request =>
        {
            var kind = request.Method == "POST" ? "complete" : request.Headers.ContainsKey("x-amz-copy-source") ? "copy"
                : request.Method == "PUT" ? "put" : "";
            if (kind == write && !_there.ContainsKey(request.Path.Value!))
            {
                request.Headers.Remove("If-Match");
            }
        };
        store.Dress = Note;
    }

    private void Note(HttpContext context)
    {
        var (request, path) = (context.Request, context.Request.Path.Value!);
        if (context.Response.StatusCode >= 300)
        {
            return;
        }

        if (request is { Method: "PUT", Query.Count: 0 } || (request.Method == "POST" && request.Query.ContainsKey("uploadId")))
        {
            _there[path] = true;
        }
        else if (request is { Method: "DELETE", Query.Count: 0 })
        {
            _there.TryRemove(path, out _);
        }
    }
}
