using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>
/// The trouble of the store: which of its calls fail, and how. All of them fail in the same way, so that a step can describe it in a few
/// words.
/// </summary>
internal sealed class StoreTrouble
{
    private readonly Lock _lock = new();
    private StoreFault _fault;
    private bool _isOfChangesAlone;
    private int _skip;
    private int _left;
    private int _hanging;
    private TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether a call has failed since the trouble began. False once it is over.</summary>
    public bool Happened { get; private set; }

    /// <summary>Whether a call hangs.</summary>
    public bool IsHanging => Volatile.Read(ref _hanging) > 0;

    /// <summary>From now on calls fail.</summary>
    /// <param name="skip">The number of calls that still succeed.</param>
    /// <param name="count">The number of calls that fail after that.</param>
    /// <param name="isOfChangesAlone">Whether only those do, and are counted, that change something.</param>
    public void Begin(StoreFault fault, int skip, int count, bool isOfChangesAlone)
    {
        lock (_lock)
        {
            (_fault, _skip, _left, _isOfChangesAlone) = (fault, skip, count, isOfChangesAlone);
        }
    }

    /// <summary>Ends the trouble. A hanging call is cut.</summary>
    public void End()
    {
        lock (_lock)
        {
            (_left, Happened) = (0, false);
            _over.SetResult();
            _over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Rejects a response that no failure of the store explains, and reports one that a failure does explain.</summary>
    /// <param name="isLate">Whether the response had begun before the error was known. It has no Retry-After header then.</param>
    /// <exception cref="StoreFailedException">The store failed, and the response said so.</exception>
    public void Judge(RawResponse response, bool isLate = false)
    {
        if (!Happened || response.Status is not (500 or 503))
        {
            return;
        }

        // A store's own response to the client's request passes unchanged. Without one, clients get a Retry-After.
        Expect.That(response.Status != 500 || _fault == StoreFault.Error, "500, which the store did not say.");
        Expect.That(isLate || response.Status != 503 || _fault is StoreFault.Error or StoreFault.Busy
            || response.Headers.ContainsKey("Retry-After"), "503, and no word of when to come again.");
        throw new StoreFailedException();
    }

    /// <summary>The same of what an administrator's call says last.</summary>
    public void Judge(JsonElement told)
    {
        if (Happened && (told.TryGetProperty("error", out _) || (told.TryGetProperty("failed", out var failed) && failed.GetInt64() > 0)))
        {
            throw new StoreFailedException();
        }
    }

    /// <summary>A call of the store is about to take effect.</summary>
    public Task BeforeAsync(StoreCall call) => Cut(StoreFault.CutBefore, call);

    /// <summary>A call of the store took effect.</summary>
    public Task AfterAsync(StoreCall call) => Cut(StoreFault.CutAfter, call);

    /// <summary>The store's error response to a request.</summary>
    public (int Status, string Code)? Answer(HttpRequest request) =>
        IsHit(StoreFault.Error, request.Method) ? (500, "InternalError")
        : IsHit(StoreFault.Busy, request.Method) ? (503, "ServiceUnavailable")
        : null;

    /// <summary>Delays a request that hangs. Null if it is served.</summary>
    public Task? Hang(HttpContext context)
    {
        lock (_lock)
        {
            return IsHit(StoreFault.Hang, context.Request.Method) ? HangAsync(context, _over.Task) : null;
        }
    }

    private async Task HangAsync(HttpContext context, Task over)
    {
        Interlocked.Increment(ref _hanging);
        await over.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _hanging);
        context.Abort();
    }

    private Task Cut(StoreFault fault, StoreCall call) =>
        IsHit(fault, call.Method) ? Task.FromException(new IOException("The store broke the connection.")) : Task.CompletedTask;

    private bool IsHit(StoreFault fault, string method)
    {
        lock (_lock)
        {
            if (_left == 0 || fault != _fault || (_isOfChangesAlone && method is "GET" or "HEAD") || _skip-- > 0)
            {
                return false;
            }

            (_left, Happened) = (_left - 1, true);
            return true;
        }
    }
}
