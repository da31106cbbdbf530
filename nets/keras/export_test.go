package keras

// Parse is what a config.json says alone, for tests.
func Parse(config []byte) (*Model, error) {
	m, _, _, err := parse(config)
	if err != nil {
		return nil, err
	}
	return m, nil
}
