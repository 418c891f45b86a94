using System.IO.Pipelines;

using Microsoft.AspNetCore.Http.Features;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>
/// The response to a request without a connection. Begins with the first flush, as on a connection, and goes no faster than it is read.
/// </summary>
internal sealed class InnerResponse : IHttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
{
    /// <summary>Bytes that may wait for a reader.</summary>
    private static readonly PipeOptions Buffering = new(
        pauseWriterThreshold: 256 << 10, resumeWriterThreshold: 128 << 10, useSynchronizationContext: false);

    private readonly Pipe _pipe = new(Buffering);
    private readonly CancellationTokenSource _aborted;
    private readonly TaskCompletionSource<ProxyResponse> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stack<(Func<object, Task> Callback, object State)> _starting = [];
    private readonly Stack<(Func<object, Task> Callback, object State)> _completed = [];

    private int _hasLeft;

    /// <param name="cancellationToken">Cancelled when the caller no longer wants the response.</param>
    public InnerResponse(CancellationToken cancellationToken)
    {
        _aborted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        RequestAborted = _aborted.Token;
        Writer = new StartingWriter(this, _pipe.Writer);
        Stream = Writer.AsStream();
    }

    /// <summary>The response, once it has begun.</summary>
    public Task<ProxyResponse> Begun => _begun.Task;

    /// <inheritdoc/>
    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    /// <inheritdoc/>
    public string? ReasonPhrase { get; set; }

    /// <inheritdoc/>
    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    /// <inheritdoc/>
    [Obsolete("Use IHttpResponseBodyFeature.")]
    public Stream Body { get => Stream; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public bool HasStarted { get; private set; }

    /// <inheritdoc/>
    public Stream Stream { get; }

    /// <inheritdoc/>
    public PipeWriter Writer { get; }

    /// <inheritdoc/>
    public CancellationToken RequestAborted { get; set; }

    /// <inheritdoc/>
    public void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

    /// <inheritdoc/>
    public void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

    /// <inheritdoc/>
    public void DisableBuffering()
    {
        // Nothing is kept back.
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (HasStarted)
        {
            return;
        }

        while (_starting.TryPop(out var next))
        {
            await next.Callback(next.State);
        }

        HasStarted = true;
        _begun.TrySetResult(new ProxyResponse(StatusCode, Headers, _pipe.Reader.AsStream(), Leave));
    }

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    /// <inheritdoc/>
    public async Task CompleteAsync()
    {
        await StartAsync();
        await _pipe.Writer.CompleteAsync();
    }

    /// <summary>Cuts the response: its reader gets an error, so that an incomplete body never looks complete.</summary>
    public void Abort() => Fail(new IOException("The proxy cut the response."));

    /// <summary>The handler is done.</summary>
    public async Task EndAsync()
    {
        if (!HasStarted && RequestAborted.IsCancellationRequested)
        {
            // The front door sends no answer to a client that has left.
            Fail(new OperationCanceledException(RequestAborted));
            return;
        }

        await CompleteAsync();
        while (_completed.TryPop(out var next))
        {
            await next.Callback(next.State);
        }
    }

    /// <summary>The handler failed, or cut the response.</summary>
    public void Fail(Exception failure)
    {
        _begun.TrySetException(RequestAborted.IsCancellationRequested ? new OperationCanceledException(RequestAborted) : failure);
        _pipe.Writer.Complete(failure);
    }

    /// <summary>The proxy stops: a handler that still runs is cancelled.</summary>
    public void Cancel()
    {
        try
        {
            _aborted.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The reader has left.
        }
    }

    /// <summary>The reader leaves: a handler that still runs is cancelled.</summary>
    private void Leave()
    {
        if (Interlocked.Exchange(ref _hasLeft, 1) == 1)
        {
            return;
        }

        _aborted.Cancel();
        _aborted.Dispose();
        _pipe.Reader.Complete();
    }

    /// <summary>Begins the response before the first bytes are flushed.</summary>
    private sealed class StartingWriter(InnerResponse response, PipeWriter writer) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => writer.CanGetUnflushedBytes;

        public override long UnflushedBytes => writer.UnflushedBytes;

        public override void Advance(int bytes) => writer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => writer.Complete(exception);

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            await response.StartAsync(cancellationToken);
            return await writer.FlushAsync(cancellationToken);
        }

        public override async ValueTask<FlushResult> WriteAsync(
            ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            await response.StartAsync(cancellationToken);
            return await writer.WriteAsync(source, cancellationToken);
        }
    }
}
