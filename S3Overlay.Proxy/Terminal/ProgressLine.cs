namespace S3Overlay.Proxy.Terminal;

/// <summary>
/// Says on stderr how far work is, once it takes over two seconds: in place on a terminal, otherwise in a line of its own every ten
/// seconds.
/// </summary>
internal sealed class ProgressLine : IAsyncDisposable
{
    private const string ClearLine = "\r\u001b[K";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PlainPause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly TextWriter _errors;
    private readonly bool _isInPlace;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly Task _showing;
    private WorkState? _state;
    private bool _isShown;
    private bool _isSilent;

    /// <param name="errors">Where it is shown.</param>
    /// <param name="isInPlace">True for a terminal.</param>
    /// <param name="isSilent">True to show nothing.</param>
    /// <param name="time">The clock.</param>
    public ProgressLine(TextWriter errors, bool isInPlace, bool isSilent, TimeProvider time)
    {
        (_errors, _isInPlace, _isSilent, _time, _began) = (errors, isInPlace, isSilent, time, time.GetTimestamp());
        _showing = isSilent ? Task.CompletedTask : ShowAsync();
    }

    /// <summary>Notes how far the work is.</summary>
    public void Report(WorkState state) => Volatile.Write(ref _state, state);

    /// <summary>Removes the line from the terminal, so that something else can be printed. It returns.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (_isShown)
            {
                _errors.Write(ClearLine);
                _isShown = false;
            }
        }
    }

    /// <summary>Removes the line for good: what is printed instead shows how far the work is.</summary>
    public void Silence()
    {
        lock (_gate)
        {
            _isSilent = true;
        }

        Clear();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _showing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Clear();
        _ending.Dispose();
    }

    private async Task ShowAsync()
    {
        for (var pause = Patience; ; pause = _isInPlace ? Redraw : PlainPause)
        {
            await Task.Delay(pause, _time, _ending.Token);
            Show(Volatile.Read(ref _state)?.Describe(_time.GetElapsedTime(_began)) ?? "Waiting for the proxy");
        }
    }

    private void Show(string text)
    {
        lock (_gate)
        {
            if (_isSilent)
            {
                return;
            }

            if (!_isInPlace)
            {
                _errors.WriteLine($"  {text}");
                return;
            }

            // A longer line would wrap, and could not be replaced.
            var width = Math.Max(20, WidthOfTerminal() - 1);
            _errors.Write(ClearLine + (text.Length > width ? text[..width] : text));
            _errors.Flush();
            _isShown = true;
        }
    }

    private static int WidthOfTerminal()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (Exception failure) when (failure is IOException or PlatformNotSupportedException)
        {
            return 80;
        }
    }
}
