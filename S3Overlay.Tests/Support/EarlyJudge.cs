using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A store that checks the conditions of a PUT when the request begins, as Versity and CloudServer do, and not again when
/// it commits.
/// </summary>
internal sealed class EarlyJudge
{
    private readonly ConcurrentDictionary<string, string> _etags = new(StringComparer.Ordinal);

    /// <summary>Gives a store this behaviour.</summary>
    public EarlyJudge(StoreServer store)
    {
        store.Alter = Judge;
        store.Dress = Note;
    }

    private void Judge(HttpRequest request)
    {
        if (request.Method != "PUT" || request.Query.Count > 0)
        {
            return;
        }

        var etag = _etags.GetValueOrDefault(request.Path.Value!);
        if (request.Headers.IfNoneMatch.Count > 0 ? etag is null : request.Headers.IfMatch.Count > 0 && request.Headers.IfMatch == etag)
        {
            request.Headers.Remove("If-None-Match");
            request.Headers.Remove("If-Match");
        }
    }

    private void Note(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (context.Request.Method == "PUT" && context.Response is { StatusCode: 200, Headers.ETag: [{ } etag] })
        {
            _etags[path] = etag;
        }
        else if (context.Request.Method == "DELETE")
        {
            _etags.TryRemove(path, out _);
        }
    }
}
