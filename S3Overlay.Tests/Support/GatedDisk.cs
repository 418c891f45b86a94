using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Support;

/// <summary>A disk whose entries' files wait for a test, or are refused.</summary>
internal sealed class GatedDisk() : StoreDisk(isDurable: false), IDisposable
{
    private readonly ManualResetEventSlim _gate = new(initialState: true);
    private readonly Bell _bell = new();
    private int _waiting;

    public bool HasNoRoom { get; set; }

    public bool Fails { get; set; }

    public void Close() => _gate.Reset();

    public void Open() => _gate.Set();

    /// <summary>Completes when so many files wait.</summary>
    public Task Waiting(int count) => _bell.UntilAsync(() => Volatile.Read(ref _waiting) >= count, () => $"{_waiting} wait.");

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        if (HasNoRoom)
        {
            throw new IOException("No space left on device", 28);
        }

        if (Fails)
        {
            throw new InvalidOperationException("As the test says.");
        }

        Interlocked.Increment(ref _waiting);
        _bell.Ring();
        _gate.Wait();
        Interlocked.Decrement(ref _waiting);
        base.Write(file, bytes, offset);
    }

    public void Dispose() => _gate.Dispose();
}
