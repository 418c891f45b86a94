using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>
/// Writes one line per request, on a thread of its own. A request only queues its entry; if the queue is full because disk or terminal are
/// too slow, the entry is dropped and counted. SIGHUP reopens the file, so that <c>logrotate</c> can move it.
/// </summary>
public sealed class AccessLog : IAsyncDisposable
{
    /// <summary>The queue's capacity: about a second of a busy proxy.</summary>
    private const int DefaultCapacity = 16_384;

    /// <summary>Bytes gathered before a write.</summary>
    private const int WriteSize = 64 << 10;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly Func<Stream> _open;
    private readonly Func<AccessLogEntry, string> _line;
    private readonly string _destination;
    private readonly ILogger _logger;

    /// <summary>Null asks to reopen the file.</summary>
    private readonly Channel<AccessLogEntry?> _queue;
    private readonly ArrayBufferWriter<byte> _buffer = new(WriteSize);
    private readonly Task _writing;
    private PosixSignalRegistration? _hangUp;
    private Stream? _stream;
    private volatile bool _reopens;
    private bool _isFailing;
    private long _dropped;
    private long _droppedTold;
    private int _buffered;

    /// <summary>Opens a log.</summary>
    /// <param name="open">Opens the destination for appending.</param>
    /// <param name="destination">Its name in messages.</param>
    /// <param name="line">Formats an entry as one line.</param>
    /// <param name="logger">Reports lost lines.</param>
    /// <param name="capacity">The queue's capacity.</param>
    /// <exception cref="IOException">The destination cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The destination may not be written to.</exception>
    public AccessLog(Func<Stream> open, string destination, Func<AccessLogEntry, string> line, ILogger logger,
        int capacity = DefaultCapacity)
    {
        (_open, _destination, _line, _logger) = (open, destination, line, logger);
        _stream = open();
        _queue = Channel.CreateBounded<AccessLogEntry?>(new BoundedChannelOptions(capacity) { SingleReader = true });
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>The number of dropped entries.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Opens the configured log.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written to.</exception>
    public static AccessLog Open(AccessLogOptions options, ProxyMeters meters, ILogger logger)
    {
        var log = options.File is { } file
            ? new AccessLog(() => Append(file), file, AccessLogLines.Of(options), logger)
            : new AccessLog(Console.OpenStandardOutput, "the console", AccessLogLines.Of(options), logger);
        if (options.File is not null && !OperatingSystem.IsWindows())
        {
            log._hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                // Otherwise the signal would end the process.
                signal.Cancel = true;
                log.Reopen();
            });
        }

        meters.Meter.CreateObservableCounter("s3_overlay_access_log_dropped_total", () => log.Dropped,
            description: "Access log lines that were dropped, since they could not be written fast enough.");
        return log;
    }

    /// <summary>Queues an entry. Never waits.</summary>
    public void Add(AccessLogEntry entry)
    {
        if (!_queue.Writer.TryWrite(entry))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Closes the file and opens it again under its name, before the next line.</summary>
    public void Reopen()
    {
        _reopens = true;

        // Wakes the writer. With a full queue it is awake.
        _queue.Writer.TryWrite(null);
    }

    /// <summary>Writes the queued entries, for at most five seconds, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _hangUp?.Dispose();
        if (!_queue.Writer.TryComplete())
        {
            return;
        }

        try
        {
            await _writing.WaitAsync(CloseLimit);
        }
        catch (TimeoutException)
        {
            Log.AccessLogCutShort(_logger, _destination);
        }
    }

    private static FileStream Append(string file) =>
        new(file, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0 });

    private async Task WriteAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var entry))
            {
                if (_reopens)
                {
                    _reopens = false;
                    await FlushAsync();
                    await CloseAsync();
                }

                if (entry is not null)
                {
                    Encoding.UTF8.GetBytes(_line(entry), _buffer);
                    _buffer.Write("\n"u8);
                    _buffered++;
                }

                if (_buffer.WrittenCount >= WriteSize)
                {
                    await FlushAsync();
                }
            }

            await FlushAsync();
            TellDropped();
        }

        await CloseAsync();
    }

    private async Task FlushAsync()
    {
        try
        {
            _stream ??= _open();
            if (_buffered > 0)
            {
                await _stream.WriteAsync(_buffer.WrittenMemory);
                await _stream.FlushAsync();
            }

            _isFailing = false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Count what is lost; the next lines try a new file.
            Interlocked.Add(ref _dropped, _buffered);
            if (!_isFailing)
            {
                Log.AccessLogFailed(_logger, _destination, failure.Message);
            }

            _isFailing = true;
            await CloseAsync();
        }
        finally
        {
            _buffer.ResetWrittenCount();
            _buffered = 0;
        }
    }

    private async Task CloseAsync()
    {
        try
        {
            if (_stream is { } stream)
            {
                _stream = null;
                await stream.DisposeAsync();
            }
        }
        catch (IOException failure)
        {
            Log.AccessLogFailed(_logger, _destination, failure.Message);
        }
    }

    /// <summary>Reports losses once the writer has caught up, so that the report does not add to a flood.</summary>
    private void TellDropped()
    {
        var dropped = Dropped;
        if (dropped != _droppedTold && !_isFailing)
        {
            Log.AccessLogDropped(_logger, dropped - _droppedTold, _destination);
            _droppedTold = dropped;
        }
    }
}
