using Spectre.Console;

namespace S3Overlay.Proxy.Terminal;

/// <summary>Where a command prints, and whether a person sits in front of it.</summary>
/// <param name="output">For results.</param>
/// <param name="errors">For problems, questions and progress.</param>
/// <param name="time">The clock of progress; null for the machine's.</param>
internal sealed class Screen(TextWriter output, TextWriter errors, TimeProvider? time = null)
{
    private int _inPlace;
    private ProgressLine? _progress;

    /// <summary>For results.</summary>
    public TextWriter Output => output;

    /// <summary>For problems, questions and progress.</summary>
    public TextWriter Errors => errors;

    /// <summary>True if results are seen on a terminal.</summary>
    public bool IsOutputTerminal { get; init; } = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>True if progress is seen on a terminal.</summary>
    public bool IsErrorTerminal { get; init; } = ReferenceEquals(errors, Console.Error) && !Console.IsErrorRedirected
        && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>True if a person can answer questions.</summary>
    private bool IsInteractive => IsErrorTerminal && !Console.IsInputRedirected;

    /// <summary>True if the output is for a program: then only JSON is printed.</summary>
    public bool IsForPrograms { get; set; }

    /// <summary>Prints a line of the result, for people.</summary>
    public Task SayAsync(string line) => IsForPrograms ? Task.CompletedTask : WriteAsync(Words.Printable(line));

    /// <summary>Prints a line of the result as it is.</summary>
    public Task WriteAsync(string line)
    {
        if (IsOutputTerminal)
        {
            _progress?.Silence();
        }

        return output.WriteLineAsync(line);
    }

    /// <summary>
    /// Prints lines for people in place of those that the last call printed. Without a terminal, they follow after an empty line.
    /// </summary>
    public async Task SayInPlaceAsync(IReadOnlyList<string> lines)
    {
        if (IsForPrograms)
        {
            return;
        }

        if (_inPlace > 0)
        {
            // Up to the first of these lines, and clear all below it.
            await output.WriteAsync(IsOutputTerminal ? $"\u001b[{_inPlace}F\u001b[J" : Environment.NewLine);
        }

        _inPlace = lines.Count;
        foreach (var line in lines)
        {
            await output.WriteLineAsync(line);
        }

        await output.FlushAsync();
    }

    /// <summary>Prints a line beside the result, for people.</summary>
    public Task NoteAsync(string line) => IsForPrograms ? Task.CompletedTask : ComplainAsync(line);

    /// <summary>Prints a problem. It may have names and texts of others in it.</summary>
    public Task ComplainAsync(string line)
    {
        _progress?.Clear();
        return errors.WriteLineAsync(Words.Printable(line));
    }

    /// <summary>Prints a list: as lines of JSON for programs, otherwise in columns.</summary>
    /// <param name="json">The items as JSON.</param>
    /// <param name="columns">The headings of the columns.</param>
    /// <param name="rows">The same items as rows. Only one of both is read.</param>
    /// <returns>The number of items.</returns>
    public async Task<long> ListAsync(IAsyncEnumerable<string> json, Column[] columns, IAsyncEnumerable<string[]> rows)
    {
        if (!IsForPrograms)
        {
            return await WriteRowsAsync(columns, rows);
        }

        var count = 0L;
        await foreach (var line in json)
        {
            await WriteAsync(line);
            count++;
        }

        return count;
    }

    /// <summary>
    /// Prints rows in columns; for programs only reads them. The first thousand rows decide how wide the columns are, so any number can
    /// follow.
    /// </summary>
    /// <param name="columns">The headings; null for none.</param>
    /// <param name="rows">The rows, printed as they arrive.</param>
    /// <returns>The number of rows.</returns>
    public async Task<long> WriteRowsAsync(Column[] columns, IAsyncEnumerable<string[]> rows)
    {
        var (count, widths) = (0L, new int[columns.Length]);
        await foreach (var page in rows.Chunk(1000))
        {
            var isFirst = count == 0;
            for (var at = 0; at < columns.Length && isFirst; at++)
            {
                widths[at] = Math.Max(columns[at].Heading.Length, page.Max(row => row[at].Length));
            }

            if (isFirst && columns.Any(static column => column.Heading.Length > 0))
            {
                await WriteRowAsync([.. columns.Select(static column => column.Heading)]);
            }

            foreach (var row in page)
            {
                await WriteRowAsync(row);
            }

            count += page.Length;
        }

        return count;

        Task WriteRowAsync(string[] cells) => IsForPrograms ? Task.CompletedTask : WriteAsync(string.Join("  ", cells.Select(
            (cell, at) => columns[at].IsNumber ? cell.PadLeft(widths[at]) : cell.PadRight(widths[at]))).TrimEnd());
    }

    /// <summary>Asks before something happens that is hard to undo.</summary>
    /// <param name="question">What would happen, with a question mark.</param>
    /// <returns>The answer; false if no person is there to give one.</returns>
    public async Task<bool> ConfirmAsync(string question, CancellationToken cancellationToken)
    {
        if (!IsInteractive)
        {
            await errors.WriteLineAsync($"{question} Add --yes to do it, or --dry-run to see what would change.");
            return false;
        }

        return await new ConfirmationPrompt(Markup.Escape(question)) { DefaultValue = false }
            .ShowAsync(ErrorConsole(), cancellationToken);
    }

    /// <summary>Shows how far long work is; see <see cref="ProgressLine"/>.</summary>
    /// <param name="work">The work. It calls its argument with the state.</param>
    public async Task<T> ShowProgressAsync<T>(Func<Action<WorkState>, Task<T>> work)
    {
        await using var progress = BeginProgress();
        return await work(progress.Report);
    }

    /// <summary>The same items, with progress shown while they come.</summary>
    /// <param name="items">The items.</param>
    /// <param name="thing">What an item is.</param>
    /// <param name="things">The plural; null if it only has an s more.</param>
    /// <param name="bytesOf">Its bytes; null if it has none.</param>
    public async IAsyncEnumerable<T> CountAsync<T>(
        IAsyncEnumerable<T> items, string thing, string? things = null, Func<T, long>? bytesOf = null)
    {
        await using var progress = BeginProgress();
        var (count, bytes) = (0L, bytesOf is null ? default(long?) : 0);
        await foreach (var item in items)
        {
            bytes += bytesOf?.Invoke(item);
            progress.Report(new WorkState(++count, thing, things) { Bytes = bytes });
            yield return item;
        }
    }

    /// <summary>Programs that read what is printed may read stderr too, so they see no progress.</summary>
    private ProgressLine BeginProgress() =>
        _progress = new ProgressLine(errors, IsErrorTerminal, IsForPrograms && !IsErrorTerminal, time ?? TimeProvider.System);

    private IAnsiConsole ErrorConsole() => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(errors) });
}

/// <summary>A column of a list.</summary>
/// <param name="Heading">Its heading; empty for none.</param>
/// <param name="IsNumber">True to align it to the right.</param>
internal readonly record struct Column(string Heading, bool IsNumber = false);
