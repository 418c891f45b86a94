namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// Walks a snapshot's keys in order: a merge of the layers, in which the newest decides about a key and deleted keys are skipped.
/// </summary>
public sealed class IndexCursor : IDisposable
{
    private readonly ILayerCursor[] _layers;
    private ILayerCursor? _current;

    internal IndexCursor(IndexView view)
    {
        var layers = new List<ILayerCursor> { new MemoryCursor(view.Recent) };
        if (view.Flushing is not null)
        {
            layers.Add(new MemoryCursor(view.Flushing));
        }

        layers.AddRange(view.Runs.Select(run => new RunCursor(run)));
        _layers = [.. layers];
    }

    /// <summary>The current key. Valid after a move that returned true, until the next move.</summary>
    public ReadOnlySpan<byte> Key => _current!.Key;

    /// <summary>The current value.</summary>
    public ReadOnlySpan<byte> Value => _current!.Value;

    /// <summary>Moves to the first key at or after the one given.</summary>
    /// <returns>False if there is none.</returns>
    public bool Seek(ReadOnlySpan<byte> atOrAfter)
    {
        foreach (var layer in _layers)
        {
            layer.Seek(atOrAfter);
        }

        return Settle();
    }

    /// <summary>Moves to the next key.</summary>
    /// <returns>False after the last.</returns>
    public bool Next()
    {
        PassCurrent();
        return Settle();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void PassCurrent()
    {
        var key = _current!.Key;
        foreach (var layer in _layers)
        {
            // The same key in an older layer is overridden.
            if (layer != _current && layer.IsValid && layer.Key.SequenceEqual(key))
            {
                layer.Next();
            }
        }

        _current.Next();
    }

    private bool Settle()
    {
        while (true)
        {
            _current = null;
            foreach (var layer in _layers)
            {
                // Layers are newest first: of equal keys the first one wins.
                if (layer.IsValid && (_current is null || layer.Key.SequenceCompareTo(_current.Key) < 0))
                {
                    _current = layer;
                }
            }

            if (_current is null)
            {
                return false;
            }

            if (!_current.IsDeleted)
            {
                return true;
            }

            PassCurrent();
        }
    }
}
