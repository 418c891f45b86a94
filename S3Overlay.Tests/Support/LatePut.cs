using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>A PUT that the store has received in full, and executes long after its sender has died.</summary>
internal sealed class LatePut
{
    private readonly StoreScene _scene;
    private readonly string _target;
    private readonly byte[] _body;
    private readonly (string Name, string Value)[] _headers;

    private LatePut(StoreScene scene, HttpRequest request, byte[] body)
    {
        (_scene, _target, _body) = (scene, request.Path.ToUriComponent(), body);
        _headers =
        [
            .. request.Headers
                .Where(header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)
                    || header.Key is "Content-Type" or "If-None-Match")
                .Select(header => (header.Key, header.Value.ToString())),
        ];
    }

    /// <summary>
    /// Runs an action in a proxy that ends with the PUT of an object, and kills the proxy once the store has received it.
    /// </summary>
    /// <param name="proxy">The proxy, which is gone afterwards.</param>
    /// <param name="target">What the path that is put begins with.</param>
    public static async Task<LatePut> KillAsync(StoreScene scene, OverlayHost proxy, string target, Func<Task> work)
    {
        var taken = new TaskCompletionSource<LatePut>(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Store.Take = context =>
            context.Request.Method == "PUT" && context.Request.Path.Value!.StartsWith(target, StringComparison.Ordinal)
                ? TakeAsync(scene, context, taken) : null;
        await work();
        var put = await taken.Task.WaitAsync(Patience.Limit);

        // From now on its responses reach no client.
        await scene.Clock.RunAsync(EndAsync(proxy));
        (scene.Store.Before, scene.Store.Take) = (null, null);
        return put;
    }

    /// <summary>The store executes it.</summary>
    public async Task<int> ExecuteAsync() =>
        (await new SignedHttp(_scene.Store.Endpoint) { Clock = _scene.Clock }.SendAsync("PUT", _target, _body, _headers)).Status;

    private static async Task TakeAsync(StoreScene scene, HttpContext context, TaskCompletionSource<LatePut> taken)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        scene.Store.Before = _ => throw new IOException("dead");
        taken.TrySetResult(new LatePut(scene, context.Request, body.ToArray()));
        context.Abort();
    }

    private static async Task<bool> EndAsync(OverlayHost proxy)
    {
        await proxy.DisposeAsync();
        return true;
    }
}
