namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>One lock a key, there only while somebody holds it or waits for it.</summary>
public sealed class KeyLocks
{
    private readonly Dictionary<(string Bucket, string Key), Gate> _gates = [];

    /// <summary>How many keys are locked.</summary>
    public int Count
    {
        get
        {
            lock (_gates)
            {
                return _gates.Count;
            }
        }
    }

    /// <summary>Waits for the key's lock. Disposing what it returns gives it back.</summary>
    public async ValueTask<IDisposable> EnterAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        Gate gate;
        lock (_gates)
        {
            if (!_gates.TryGetValue((bucket, key), out gate!))
            {
                _gates.Add((bucket, key), gate = new Gate());
            }

            gate.Users++;
        }

        try
        {
            await gate.Open.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(bucket, key, gate);
            throw;
        }

        return new Holder(this, bucket, key, gate);
    }

    private void Leave(string bucket, string key, Gate gate)
    {
        lock (_gates)
        {
            if (--gate.Users == 0)
            {
                _gates.Remove((bucket, key));
            }
        }
    }

    private sealed class Gate
    {
        public SemaphoreSlim Open { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Holder(KeyLocks owner, string bucket, string key, Gate gate) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                gate.Open.Release();
                owner.Leave(bucket, key, gate);
            }
        }
    }
}
