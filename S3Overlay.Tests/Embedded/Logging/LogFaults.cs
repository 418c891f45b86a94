using System.Collections;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry.AccessLogs;

namespace S3Overlay.Tests.Embedded.Logging;

/// <summary>Takes no request until it is released.</summary>
internal sealed class StuckService(IS3Service? inner = null) : IS3Service
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _released.TrySetResult();

    public async Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await _released.Task;
        await (inner?.HandleAsync(request, response, cancellationToken) ?? Task.CompletedTask);
    }
}

/// <summary>Fails at the first request with an unexpected exception.</summary>
internal sealed class FailingOnceService(IS3Service inner) : IS3Service
{
    private bool _hasFailed;

    public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (_hasFailed)
        {
            return inner.HandleAsync(request, response, cancellationToken);
        }

        _hasFailed = true;
        throw new OperationCanceledException("stray");
    }
}

/// <summary>Can be read once, and not again.</summary>
internal sealed class TornList : IReadOnlyList<DeletedObject>
{
    private bool _wasRead;

    public int Count => 1;

    public DeletedObject this[int index] => throw new InvalidOperationException("torn");

    public IEnumerator<DeletedObject> GetEnumerator()
    {
        var isFirst = !_wasRead;
        _wasRead = true;
        return isFirst ? Enumerable.Empty<DeletedObject>().GetEnumerator() : throw new InvalidOperationException("torn");
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>
/// No deleted keys. Reports when its record and all before it were collected or lost: it is read when the record is added, and again after
/// the record's own line.
/// </summary>
internal sealed class QueueMark : IReadOnlyList<DeletedObject>
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isAdded;

    public Task Reached => _reached.Task;

    public int Count => 0;

    public DeletedObject this[int index] => throw new ArgumentOutOfRangeException(nameof(index));

    public IEnumerator<DeletedObject> GetEnumerator()
    {
        if (_isAdded)
        {
            _reached.TrySetResult();
        }

        _isAdded = true;
        return Enumerable.Empty<DeletedObject>().GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
