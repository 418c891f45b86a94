using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A store that keeps a truncated body when the connection ends early, as Versity does, unless the request announced more than a length.
/// The object is listed but cannot be read.
/// </summary>
internal sealed class CutKeeper : IDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<bool>> _puts = new(StringComparer.Ordinal);
    private readonly StoreServer _store;

    /// <summary>Gives a store this behaviour.</summary>
    public CutKeeper(StoreServer store)
    {
        _store = store;
        store.Take = Take;
    }

    /// <summary>The uploads that announced nothing but their length.</summary>
    public ConcurrentQueue<string> Bare { get; } = new();

    public void Dispose() => _store.Take = null;

    private Task? Take(HttpContext context)
    {
        var (request, path) = (context.Request, context.Request.Path.Value!);
        if (request is { Method: "PUT", ContentLength: > 4096 } && IsBare(request))
        {
            Bare.Enqueue(path);
            var put = _puts.GetOrAdd(path, static _ => new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
            context.RequestAborted.Register(() => put.TrySetResult(true));
            return path.EndsWith("/cut", StringComparison.Ordinal) ? ReadAsync(context, put) : null;
        }

        return request.Method == "HEAD" && _puts.TryGetValue(path, out var begun) && path.EndsWith("/cut", StringComparison.Ordinal)
            ? ShowAsync(context, begun) : null;
    }

    private static async Task ReadAsync(HttpContext context, TaskCompletionSource<bool> put)
    {
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            put.TrySetResult(false);
        }
        catch (Exception cut) when (cut is IOException or OperationCanceledException)
        {
            put.TrySetResult(true);
        }
    }

    private static async Task ShowAsync(HttpContext context, TaskCompletionSource<bool> put) =>
        context.Response.StatusCode = await put.Task.WaitAsync(TimeSpan.FromSeconds(30)) ? StatusCodes.Status200OK
            : StatusCodes.Status404NotFound;

    private static bool IsBare(HttpRequest request) =>
        request.Headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD" && !request.Headers.ContainsKey("Content-MD5")
        && !request.Headers.Keys.Any(static name => name.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase));
}
